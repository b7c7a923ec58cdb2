# Logs by Logger, puts or warn, exceptions with causes included; or dies of an uncaught one, again and again.
require 'logger'
style, count, load = ARGV
TRUTH = File.open(ENV['TRUTH'], 'a')
TRUTH.sync = true
$stdout.sync = true
LOG = Logger.new($stderr)

def fetch(i) = { a: 1 }.fetch("order #{i}")

def handle(i)
  fetch(i)
rescue KeyError
  raise ArgumentError, "cannot handle order #{i}\nof the shop"
end

def emit(style, name, i)
  if i % 5 == 4
    begin
      handle(i)
    rescue => error
      case style
      when 'logger' then LOG.error(error)
      when 'puts' then $stdout.puts error.full_message(highlight: false)
      else warn error.full_message(highlight: false)
      end
    end
  elsif style == 'logger' then LOG.info("order #{i} by #{name}")
  elsif style == 'puts' then $stdout.puts "order #{i} by #{name}"
  else warn "order #{i} by #{name}"
  end
end

if style == 'dies'
  handle(count.to_i)
elsif style == 'uncaught'
  (count.to_i / 5).times do |i|
    warn "starting worker #{i}"
    TRUTH.syswrite("e\n")
    system('ruby', __FILE__, 'dies', i.to_s, load)
    TRUTH.syswrite("e\n")
  end
else
  work = lambda do |name|
    count.to_i.times do |i|
      emit(style, name, i)
      TRUTH.syswrite("e\n")
      sleep 0.004 if %w[low pipe].include?(load)
    end
  end
  if load == 'threads' then 2.times.map { |n| Thread.new { work.call("worker-#{n}") } }.each(&:join)
  else work.call('main')
  end
end
