-- wrk: POST what is in a file, each piece once. Arguments: the file, the path, the media type, and how long a piece is:
-- "*l" for a line, or a number of octets.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "log_count.lua")

function init(arguments)
  bodies = io.open(arguments[1], "rb")
  path = arguments[2]
  wrk.headers["Content-Type"] = arguments[3]
  piece = tonumber(arguments[4]) or arguments[4]
end

function request()
  return wrk.format("POST", path, nil, bodies:read(piece))
end
