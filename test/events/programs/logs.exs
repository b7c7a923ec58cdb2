require Logger
[count, load] = System.argv()
Logger.configure_backend(:console, device: :standard_error)
truth = File.open!(System.get_env("TRUTH"), [:append, :raw])

fetch = fn i -> raise ArgumentError, "order #{i} is not there" end

for i <- 0..(String.to_integer(count) - 1) do
  if rem(i, 5) == 4 do
    try do
      fetch.(i)
    rescue
      error -> Logger.error(Exception.format(:error, error, __STACKTRACE__))
    end
  else
    Logger.info("order #{i} accepted")
  end

  Logger.flush()
  Process.sleep(if load == "burst", do: 3, else: 8)
  :file.write(truth, "e\n")
end
