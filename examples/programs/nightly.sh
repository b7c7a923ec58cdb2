# Builtins, children and a pipeline: only what leaves the pipeline is the container's output.
echo "nightly run starts"
seq 1 9 | grep 5
echo "disk at 81 percent" >&2
