#!/bin/sh
# Builds the compiled programs that record.ts runs, and fetches the logging frameworks, by the clients of their registries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=/tmp/logtap-recorded
mkdir -p "$out/lib" "$out/java" "$out/scala" "$out/programs"
cp "$here"/* "$out/programs/"
here=$out/programs
cd "$out"
for jar in org.apache.logging.log4j:log4j-api:2.23.1 org.apache.logging.log4j:log4j-core:2.23.1 ch.qos.logback:logback-classic:1.5.6 \
  ch.qos.logback:logback-core:1.5.6 org.slf4j:slf4j-api:2.0.13; do
  mvn -q dependency:copy -Dartifact="$jar" -DoutputDirectory="$out/lib" -Dmdep.useBaseVersion=true
done
javac -cp "$out/lib/*" -d java "$here/Logs.java" "$here/Dump.java"
cp "$here"/*.xml java/
kotlinc "$here/Logs.kt" -include-runtime -d kotlin.jar
scalac -d scala "$here/Logs.scala"
npm install --silent --no-save --prefix "$out" pino@9 winston@3 bunyan@1
(mkdir -p gobuild && cp "$here/logs.go" gobuild/main.go && cd gobuild && { test -f go.mod || go mod init logs; } && go build -o ../go .)
rustc -g -o rust "$here/logs.rs"
gcc -O1 -g -pthread -o c "$here/logs.c"
g++ -O1 -g -pthread -o cpp "$here/logs.cpp"
mcs -out:logs.exe "$here/Logs.cs"
cp "$here/logs.ml" . && ocamlfind ocamlopt -package unix -linkpkg -g -o ocaml logs.ml 2>/dev/null || ocamlopt -g unix.cmxa -o ocaml logs.ml
gfortran -g -o fortran "$here/logs.f90"
nim c --hints:off --stackTrace:on -o:nim "$here/logs.nim"
crystal build -o crystal "$here/logs.cr"
(cp "$here/logs.adb" . && gnatmake -q -g logs.adb -o ada -bargs -E)
ldc2 -g -of=d "$here/logs.d"
(cp "$here/logs.hs" . && ghc -v0 -O0 -o haskell logs.hs)
