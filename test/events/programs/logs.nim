# Prints lines on stderr, and starts processes that die of an uncaught exception.
import std/[os, strutils]

let
  count = paramStr(1).parseInt
  load = paramStr(2)
  truth = open(getEnv("TRUTH"), fmAppend)

proc fetch(i: int): int = raise newException(KeyError, "order " & $i & " is not there")
proc handle(i: int): int = fetch(i) + 1

if load == "dies": quit handle(count)

for i in 0 ..< count:
  if i mod 5 == 4:
    discard execShellCmd(getAppFilename() & " " & $i & " dies")
  else:
    stderr.writeLine("order " & $i & " accepted")
  truth.write("e\n")
  truth.flushFile()
  if load in ["low", "pipe"]: sleep(4)
