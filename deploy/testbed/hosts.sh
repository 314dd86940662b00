# shellcheck shell=bash
# The test hosts: a bridge, and per host a network namespace, process 1 (host-init) and a Docker engine.
# Source after lib.sh.

FLEET_RUN=${ORCHESTRATOR_FLEET_DIR:+$ORCHESTRATOR_FLEET_DIR/run}
FLEET_RUN=${FLEET_RUN:-/run/orchestrator-fleet}
FLEET_DATA=${ORCHESTRATOR_FLEET_DIR:+$ORCHESTRATOR_FLEET_DIR/data}
FLEET_DATA=${FLEET_DATA:-/var/lib/orchestrator-fleet}
FLEET_NET=10.77.0
FLEET_GATEWAY=$FLEET_NET.254
FLEET_BRIDGE=ofleet0
# shellcheck disable=SC2034 # used by deploy/fleet
FLEET_HOSTS_MAX=50 # about 100 MB each; the address plan would take 253

host_run()     { echo "$FLEET_RUN/$1"; }
host_data()    { echo "$FLEET_DATA/$1"; }
host_address() { echo "$FLEET_NET.${1#h}"; }
host_socket()  { echo "$FLEET_RUN/$1/docker.sock"; }
host_veth()    { echo "of$1"; }
host_alive()   { process_alive "$FLEET_RUN/$1/host"; }
engine_alive() { process_alive "$FLEET_RUN/$1/dockerd"; }

# Hosts that exist, whole or in part.
hosts_known() {
  local folder
  for folder in "$FLEET_RUN"/h[0-9]* "$FLEET_DATA"/h[0-9]*; do
    [ -d "$folder" ] && basename "$folder"
  done | sort -u | sort -k1.2n
}

need_host() {
  [[ $1 =~ ^h[1-9][0-9]*$ ]] || die "'$1' is not a host; hosts are named h1, h2, …"
  host_alive "$1" || die "host $1 is not up. Running hosts: $(hosts_running | tr '\n' ' '). Start it with: deploy/fleet up N"
}

hosts_running() {
  local host
  for host in $(hosts_known); do host_alive "$host" && echo "$host"; done
  return 0
}

# in_host HOST COMMAND... runs it in all the host's namespaces.
in_host() {
  local host=$1
  shift
  nsenter --target "$(process_pid "$FLEET_RUN/$host/host")" --net --mount --uts --pid -- "$@"
}

# start_in_host HOST PIDFILE LOG COMMAND... starts a daemon on the host.
start_in_host() {
  local host=$1 pidfile=$2 log=$3
  shift 3
  rm -f "$pidfile"
  setsid nsenter --target "$(process_pid "$FLEET_RUN/$host/host")" --net --mount --uts --pid -- \
    "$ROOT/deploy/testbed/spawn" "$FLEET_RUN/$host/outer-proc" "$pidfile" "$@" </dev/null >>"$log" 2>&1 9>&- &
  disown
  wait_until 10 "the start of $1 on $host (log: $log)" test -s "$pidfile"
}

bridge_up() {
  ip link show "$FLEET_BRIDGE" >/dev/null 2>&1 || ip link add "$FLEET_BRIDGE" type bridge
  ip address replace "$FLEET_GATEWAY/24" dev "$FLEET_BRIDGE"
  ip link set "$FLEET_BRIDGE" up
  # A dockerd in the root namespace sets FORWARD to DROP and may send bridged frames through it.
  iptables -C FORWARD -i "$FLEET_BRIDGE" -o "$FLEET_BRIDGE" -j ACCEPT 2>/dev/null ||
    iptables -I FORWARD -i "$FLEET_BRIDGE" -o "$FLEET_BRIDGE" -j ACCEPT
}

bridge_down() {
  while iptables -D FORWARD -i "$FLEET_BRIDGE" -o "$FLEET_BRIDGE" -j ACCEPT 2>/dev/null; do :; done
  ip link delete "$FLEET_BRIDGE" 2>/dev/null || true
}

host_link_up() {
  local host=$1 veth
  veth=$(host_veth "$host")
  if ! ip link show "$veth" >/dev/null 2>&1; then
    ip -n "$host" link delete eth0 2>/dev/null || true
    ip link add "$veth" type veth peer name eth0 netns "$host"
  fi
  ip link set "$veth" master "$FLEET_BRIDGE" up
  ip -n "$host" link set lo up
  ip -n "$host" address replace "$(host_address "$host")/24" dev eth0
  ip -n "$host" link set eth0 up
  ip -n "$host" route replace default via "$FLEET_GATEWAY"
}

netns_exists() { [ -e "/run/netns/$1" ]; }

host_start() {
  local host=$1 run data
  run=$(host_run "$host") data=$(host_data "$host")
  if ! host_alive "$host" || ! netns_exists "$host"; then
    host_stop "$host"
    mkdir -p "$run" "$data"
    ip netns add "$host"
    setsid nsenter --net="/run/netns/$host" unshare --mount --uts --pid --fork \
      "$ROOT/deploy/testbed/host-init" "$run" "$data" "$host" </dev/null >>"$data/host.log" 2>&1 9>&- &
    disown
    wait_until 10 "host $host to start (log: $data/host.log)" test -s "$run/host" || return 1
  fi
  host_link_up "$host"
}

# host_stop is a power cut: everything on the host ends at once; its disk ($FLEET_DATA) stays.
host_stop() {
  local host=$1 run pid
  run=$(host_run "$host")
  end_process "$run/host" 0
  rm -rf "$run"
  if netns_exists "$host"; then
    # Nothing should be left; what is, lives in this host's namespace and nowhere else.
    for pid in $(ip netns pids "$host" 2>/dev/null || true); do kill -KILL "$pid" 2>/dev/null || true; done
    ip link delete "$(host_veth "$host")" 2>/dev/null || true
    ip netns delete "$host" 2>/dev/null || true
  fi
  cgroups_remove "/fleet-$host"
}

# The kernel frees a dead process's cgroup a moment after its pid, so try for a while.
cgroups_remove() {
  local name=$1 group
  for group in /sys/fs/cgroup"$name" /sys/fs/cgroup/*"$name"; do
    [ -d "$group" ] || continue
    wait_until 3 "cgroup $group to be empty" cgroup_removed "$group" || true
  done
}
cgroup_removed() { find "$1" -depth -type d -exec rmdir {} + ; }

host_destroy() {
  host_stop "$1"
  rm -rf "$(host_data "$1")"
}

engine_answers_on() { timeout 5 docker -H "unix://$(host_socket "$1")" version; }

engine_start() {
  local host=$1 run data
  run=$(host_run "$host") data=$(host_data "$host")
  if ! engine_alive "$host"; then
    rm -f "$run/docker.pid" "$run/docker.sock"
    start_in_host "$host" "$run/dockerd" "$data/dockerd.log" dockerd \
      --data-root "$data/docker" --exec-root "$run/exec" --pidfile "$run/docker.pid" \
      --host "unix://$run/docker.sock" --host "tcp://$(host_address "$host"):2375" --tls=false \
      --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/fleet-$host" --insecure-registry "$FLEET_GATEWAY:5000" || return 1
  fi
  if ! wait_until 30 "the engine of $host to answer" engine_answers_on "$host"; then
    tail -n 10 "$data/dockerd.log" >&2
    return 1
  fi
}

host_up() {
  host_start "$1"
  engine_start "$1"
}
