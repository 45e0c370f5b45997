-- wrk: count the answers that say no, and write what was seen as one line of JSON. For `dofile` by the other scripts.
local threads = {}
refused = 0

function setup(thread)
  table.insert(threads, thread)
end

function response(status)
  if status ~= 200 and status ~= 201 then refused = refused + 1 end
end

function done(summary, latency)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do errors = errors + thread:get("refused") end
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"errors":%d,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors, latency:percentile(50) / 1000, latency:percentile(90) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000))
end
