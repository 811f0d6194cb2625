-- Asks for bodies number FIRST to FIRST + COUNT - 1 of a file of `questions.py`, again and again, in one thread.
-- wrk ... -s load.lua URL -- FILE FIRST COUNT. Without a file it is a GET, again and again.

local templates, tokens = {}, {}
local first, count, asked = 0, 1, 0
local bare

local function start_of(method)
  local start = method .. " " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port .. "\r\n"
  for name, value in pairs(wrk.headers) do
    if name ~= "Host" then start = start .. name .. ": " .. value .. "\r\n" end
  end
  return start
end

local function head_of(template)
  local length = #template.head + #template.middle + #template.tail + 2 * #tokens[1]
  return start_of("POST") .. "Content-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n" ..
    template.head
end

function init(arguments)
  if not arguments[1] then
    bare = start_of("GET") .. "\r\n"
    return
  end
  first, count = tonumber(arguments[2]), tonumber(arguments[3])
  local lines = io.lines(arguments[1])
  for token in lines():gmatch("%S+") do tokens[#tokens + 1] = token end
  for line in lines do
    local head, middle, tail = line:match("^(.-)\t(.-)\t(.-)$")
    local template = { head = head, middle = middle, tail = tail }
    template.start = head_of(template)
    templates[#templates + 1] = template
  end
end

function request()
  if bare then return bare end
  local number = first + asked % count
  asked = asked + 1
  local template = templates[number % #templates + 1]
  local rest = math.floor(number / #templates)
  local second = math.floor(rest / #tokens) % #tokens
  return template.start .. tokens[rest % #tokens + 1] .. template.middle .. tokens[second + 1] .. template.tail
end

function done(summary, latency)
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, ' ..
    '"refusals": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
