-- wrk: POST what is in a file, each piece once. Arguments: the file, the path, the media type, and how long a piece is:
-- "*l" for a line, or a number of octets.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  bodies = io.open(arguments[1], "rb")
  path = arguments[2]
  wrk.headers["Content-Type"] = arguments[3]
  piece = tonumber(arguments[4]) or arguments[4]
  refused = 0
end

function request()
  return wrk.format("POST", path, nil, bodies:read(piece))
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
