# Prints lines and exceptions with causes on stderr.
count = ARGV[0].to_i
load = ARGV[1]
truth = File.open(ENV["TRUTH"], "a")
truth.sync = true

def fetch(i)
  {"a" => 1}["order #{i}"]
end

def handle(i)
  fetch(i)
rescue error
  raise Exception.new("cannot handle order #{i}", error)
end

count.times do |i|
  if i % 5 == 4
    begin
      handle(i)
    rescue error
      error.inspect_with_backtrace(STDERR)
    end
  else
    STDERR.puts "order #{i} accepted"
  end
  STDERR.flush
  truth << "e\n"
  sleep 0.004 if load.in?("low", "pipe")
end
