-- wrk: GET random indices. Arguments: the path they are appended to, how many there are.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "log_count.lua")

function init(arguments)
  prefix = arguments[1]
  size = tonumber(arguments[2])
end

function request()
  return wrk.format("GET", prefix .. math.random(0, size - 1))
end
