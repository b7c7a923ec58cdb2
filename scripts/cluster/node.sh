#!/bin/sh
# One node of Kubernetes, as the first process of namespaces of its own (network, mounts, processes): when it ends, all ends.
# Nothing outside is changed, but for cgroups called $GROUP and empty directories that programs insist on.
#
#     node.sh STATE      BIN: kube, containerd, ctr, shim, CNI plugins.  MEMORY: bound on all pods together.
set -eu
STATE=$1
ADDRESS=10.87.0.1
log=$STATE/log
mkdir -p "$log" "$STATE/etcd" "$STATE/certs" "$STATE/containerd" "$STATE/kubelet" "$STATE/run" "$STATE/var-log" "$STATE/cni"

# Directories of the machine, in this mount namespace.
mkdir -p /etc/cni /var/lib/cni /var/lib/kubelet
mount --bind "$STATE/run" /run
mount --bind "$STATE/var-log" /var/log
mount --bind "$STATE/cni" /var/lib/cni
mount --bind "$STATE/kubelet" "$STATE/kubelet"
mount --make-rshared /
mkdir -p /run/netns /var/log/pods /var/log/containers

# The kubelet wants these settings of the machine: it finds files that have them.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$STATE/$(echo "${setting%%=*}" | tr / .)
  echo "${setting#*=}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%%=*}"
done

# One bridge; the node is its gateway.
ip link set lo up
# With an address of its own: else it is the lowest of its ports, changes as pods come and go, and pods send to the old one.
ip link add cni0 address 02:00:00:00:00:01 type bridge
ip addr add "$ADDRESS/16" dev cni0
ip link set cni0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
mkdir -p "$STATE/net.d"
cat > "$STATE/net.d/10-bridge.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "cluster", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.87.0.0/16", "rangeStart": "10.87.1.1", "gateway": "$ADDRESS"}]],
            "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON

# cgroups of the pods, in every hierarchy. A pod without a limit must not take all memory of the machine.
for controller in /sys/fs/cgroup/*/; do mkdir -p "$controller/$GROUP"; done
cat /sys/fs/cgroup/cpuset/cpuset.cpus > "/sys/fs/cgroup/cpuset/$GROUP/cpuset.cpus"
cat /sys/fs/cgroup/cpuset/cpuset.mems > "/sys/fs/cgroup/cpuset/$GROUP/cpuset.mems"
echo "$MEMORY" > "/sys/fs/cgroup/memory/$GROUP/memory.limit_in_bytes"

# Keys and tokens of this cluster, which nothing outside of its network reaches.
openssl genrsa -out "$STATE/certs/sa.key" 2048 2> /dev/null
cat > "$STATE/certs/tokens.csv" <<CSV
admin-token,admin,1,"system:masters"
manager-token,system:kube-controller-manager,2
scheduler-token,system:kube-scheduler,3
kubelet-token,system:node:node,4,"system:nodes"
CSV
for user in admin manager scheduler kubelet; do
  cat > "$STATE/$user.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: $user-token}}]
contexts: [{name: c, context: {cluster: c, user: u, namespace: default}}]
YAML
done

cat > "$STATE/containerd.toml" <<TOML
version = 3
root = "$STATE/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.nri.v1.nri"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "localhost/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["$BIN"]
conf_dir = "$STATE/net.d"
[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "$(command -v runc)"
SystemdCgroup = false
TOML
PATH=$BIN:$PATH "$BIN/containerd" --config "$STATE/containerd.toml" > "$log/containerd.log" 2>&1 &

# Without fsync: the data of this cluster is worth nothing tomorrow.
"$BIN/kube" etcd --data-dir "$STATE/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
  --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380 --log-level warn \
  > "$log/etcd.log" 2>&1 &
"$BIN/kube" kube-apiserver --etcd-servers http://127.0.0.1:2379 --bind-address 127.0.0.1 --secure-port 6443 \
  --advertise-address "$ADDRESS" --cert-dir "$STATE/certs" --token-auth-file "$STATE/certs/tokens.csv" \
  --authorization-mode Node,RBAC --service-cluster-ip-range 10.88.0.0/16 --service-account-issuer https://cluster.local \
  --service-account-key-file "$STATE/certs/sa.key" --service-account-signing-key-file "$STATE/certs/sa.key" \
  --endpoint-reconciler-type none --kubelet-preferred-address-types InternalIP --enable-priority-and-fairness=false \
  --request-timeout 10m --profiling=false > "$log/apiserver.log" 2>&1 &
kubectl() { "$BIN/kube" kubectl --kubeconfig "$STATE/admin.kubeconfig" "$@"; }
until kubectl get --raw /readyz > /dev/null 2>&1; do sleep 0.2; done
"$BIN/kube" kube-controller-manager --kubeconfig "$STATE/manager.kubeconfig" --use-service-account-credentials \
  --service-account-private-key-file "$STATE/certs/sa.key" --leader-elect=false --bind-address 127.0.0.1 --secure-port 0 \
  > "$log/manager.log" 2>&1 &
"$BIN/kube" kube-scheduler --kubeconfig "$STATE/scheduler.kubeconfig" --leader-elect=false --bind-address 127.0.0.1 \
  --secure-port 0 > "$log/scheduler.log" 2>&1 &

cat > "$STATE/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $ADDRESS
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
readOnlyPort: 0
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$GROUP
failCgroupV1: false
failSwapOn: false
containerLogMaxSize: 1Gi
protectKernelDefaults: true
enforceNodeAllocatable: [pods]
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
resolvConf: ""
clusterDNS: [$ADDRESS]
nodeStatusUpdateFrequency: 2s
volumeStatsAggPeriod: 5s
volumePluginDir: $STATE/kubelet/plugins
YAML
until "$BIN/ctr" --address /run/containerd/containerd.sock version > /dev/null 2>&1; do sleep 0.1; done
"$BIN/kube" kubelet --config "$STATE/kubelet.yaml" --root-dir "$STATE/kubelet" --kubeconfig "$STATE/kubelet.kubeconfig" \
  --hostname-override node --node-ip "$ADDRESS" --cert-dir "$STATE/certs/kubelet" > "$log/kubelet.log" 2>&1 &
until kubectl get node node -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2> /dev/null | grep -q True; do
  sleep 0.3
done
until kubectl get serviceaccount default > /dev/null 2>&1; do sleep 0.1; done
echo ready
wait
