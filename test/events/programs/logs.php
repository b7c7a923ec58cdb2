<?php
// Logs by error_log or stderr, exceptions with previous ones included; or dies of an uncaught one, again and again.
[, $style, $count, $load] = array_pad($argv, 4, '');
ini_set('display_errors', 'stderr');
ini_set('log_errors', '0');
function mark() { file_put_contents(getenv('TRUTH'), "e\n", FILE_APPEND); }
function fetch(int $i) { throw new OutOfBoundsException("order $i is not there"); }
function handle(int $i) {
    try { fetch($i); } catch (OutOfBoundsException $error) { throw new LogicException("cannot handle order $i", 7, $error); }
}
if ($style === 'dies') { handle((int) $count); }
if ($style === 'uncaught') {
    for ($i = 0; $i < $count / 5; $i++) {
        fwrite(STDERR, "starting worker $i\n");
        mark();
        proc_close(proc_open(['php', __FILE__, 'dies', (string) $i, $load], [], $pipes));
        mark();
    }
    exit;
}
for ($i = 0; $i < $count; $i++) {
    if ($i % 5 === 4) {
        try { handle($i); } catch (LogicException $error) {
            if ($style === 'error_log') error_log((string) $error); else fwrite(STDERR, "[2026-11-28 10:00:00] shop.ERROR: $error\n");
        }
    } elseif ($style === 'error_log') error_log("order $i accepted");
    else fwrite(STDERR, "[2026-11-28 10:00:00] shop.INFO: order $i accepted\n");
    mark();
    if ($load === 'low' || $load === 'pipe') usleep(4000);
}
