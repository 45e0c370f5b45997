-- wrk: create Pods, all alike but for the names that the API server gives them. Arguments: the path, the file with the
-- Pod, and the token.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "log_count.lua")

function init(arguments)
  path = arguments[1]
  local file = io.open(arguments[2], "rb")
  pod = file:read("*a")
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. arguments[3]
end

function request()
  return wrk.format("POST", path, nil, pod)
end
