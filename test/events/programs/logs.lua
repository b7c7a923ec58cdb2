-- Prints lines and tracebacks on stderr.
local count, load = tonumber(arg[1]), arg[2]
local truth = io.open(os.getenv("TRUTH"), "a")
truth:setvbuf("no")
local function fetch(i) local t = nil; return t[i] end
local function handle(i) return fetch(i) + 1 end
for i = 0, count - 1 do
  if i % 5 == 4 then
    local _, trace = xpcall(handle, debug.traceback, i)
    io.stderr:write(trace, "\n")
  else
    io.stderr:write("order " .. i .. " accepted\n")
  end
  truth:write("e\n")
  if load == "low" then os.execute("sleep 0.004") end
end
