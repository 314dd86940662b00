# shellcheck shell=bash
# What runs beside the test hosts: a registry with the demo images, the coordinator, the agents.
# Source after hosts.sh.

REGISTRY_ADDRESS=$FLEET_GATEWAY:5000
COORDINATOR_PORT=7443
COORDINATOR_URL=https://$FLEET_GATEWAY:$COORDINATOR_PORT
FLEET_CONTEXT=fleet

registry_answers() { curl -fsS --noproxy '*' --max-time 2 "http://$REGISTRY_ADDRESS/v2/"; }

registry_up() {
  if ! process_alive "$FLEET_RUN/registry"; then
    mkdir -p "$FLEET_DATA/registry"
    cat >"$FLEET_DATA/registry.yml" <<CONFIG
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $FLEET_DATA/registry }, delete: { enabled: true } }
http: { addr: "$REGISTRY_ADDRESS" }
CONFIG
    start_process "$FLEET_RUN/registry" "$FLEET_DATA/registry.log" docker-registry serve "$FLEET_DATA/registry.yml"
  fi
  wait_until 15 "the registry at $REGISTRY_ADDRESS to answer (log: $FLEET_DATA/registry.log)" registry_answers
}

# images_up HOST builds the examples' images on HOST and pushes them, unless the registry has these very ones.
images_up() {
  local host=$1 mark=$FLEET_DATA/registry/images.sha256 hash
  hash=$(cat "$ROOT"/examples/hello/{build,Dockerfile,serve} | sha256sum | cut -d' ' -f1)
  [ -s "$mark" ] && [ "$(cat "$mark")" = "$hash" ] && return 0
  say "building the demo images on $host and pushing them to $REGISTRY_ADDRESS"
  DOCKER_HOST=unix://$(host_socket "$host") REGISTRY=$REGISTRY_ADDRESS "$ROOT/examples/hello/build" --push >"$FLEET_DATA/images.log" 2>&1 || {
    tail -n 15 "$FLEET_DATA/images.log" >&2
    return 1
  }
  echo "$hash" >"$mark"
}

# The agents' ingress. Another may be named, as an upgrade of the ingress does: the agents then start with that one.
INGRESS_IMAGE=${ORCHESTRATOR_INGRESS_IMAGE:-$REGISTRY_ADDRESS/orchestrator-ingress:local}

# ingress_image_up HOST builds the ingress's image on HOST and pushes it, unless the registry has this very one.
ingress_image_up() {
  local host=$1 mark=$FLEET_DATA/registry/ingress.sha256 hash
  [ -x "$ROOT/deploy/ingress-image" ] || return 0
  hash=$({ cat "$ROOT/deploy/ingress-image"; dpkg-query -W haproxy 2>/dev/null || true; } | sha256sum | cut -d' ' -f1)
  [ -s "$mark" ] && [ "$(cat "$mark")" = "$hash" ] && return 0
  say "building the ingress's image on $host and pushing it to $REGISTRY_ADDRESS"
  DOCKER_HOST=unix://$(host_socket "$host") "$ROOT/deploy/ingress-image" "$REGISTRY_ADDRESS/orchestrator-ingress:local" --push >"$FLEET_DATA/ingress-image.log" 2>&1 || {
    tail -n 15 "$FLEET_DATA/ingress-image.log" >&2
    return 1
  }
  # The first build may have installed haproxy.
  { cat "$ROOT/deploy/ingress-image"; dpkg-query -W haproxy 2>/dev/null || true; } | sha256sum | cut -d' ' -f1 >"$mark"
}

# --- control plane ---

orchestrator() { "$ROOT/dist/orchestrator" "$@"; }

# end_outdated PIDFILE PROGRAM ends what does not run from PROGRAM as it is now: built anew since (the kernel then
# marks the file it runs from as deleted), or started from another checkout.
end_outdated() {
  if process_alive "$1" && [ "$(readlink "/proc/$(process_pid "$1")/exe")" != "$2" ]; then end_process "$1"; fi
}

coordinator_alive() { process_alive "$FLEET_RUN/coordinator"; }

coordinator_start() {
  local data=$FLEET_DATA/coordinator
  end_outdated "$FLEET_RUN/coordinator" "$ROOT/dist/orchestrator"
  if ! coordinator_alive; then
    mkdir -p "$data"
    start_process "$FLEET_RUN/coordinator" "$FLEET_DATA/coordinator.log" \
      "$ROOT/dist/orchestrator" serve --init --context "$FLEET_CONTEXT" --data-dir "$data" --listen "$FLEET_GATEWAY:$COORDINATOR_PORT"
  fi
  if ! wait_until 30 "the coordinator to listen on $COORDINATOR_URL" port_open "$FLEET_GATEWAY" "$COORDINATOR_PORT"; then
    tail -n 15 "$FLEET_DATA/coordinator.log" >&2
    return 1
  fi
}

# The context's key opens nothing once the fleet's authority is gone.
context_forget() {
  if [ -d "$FLEET_DATA/coordinator" ] && [ -x "$ROOT/dist/orchestrator" ]; then
    orchestrator context rm "$FLEET_CONTEXT" >/dev/null 2>&1 || true
  fi
}

agent_alive() { process_alive "$FLEET_RUN/$1/agent"; }

agent_start() {
  local host=$1 run data token
  run=$(host_run "$host") data=$(host_data "$host")
  end_outdated "$run/agent" "$ROOT/dist/orchestrator-agent"
  if agent_alive "$host"; then return 0; fi
  mkdir -p "$data/agent"
  if [ ! -e "$data/joined" ]; then
    token=$(orchestrator token create --role agent --data-dir "$FLEET_DATA/coordinator" 2>>"$data/agent.log") || {
      tail -n 5 "$data/agent.log" >&2
      return 1
    }
    in_host "$host" "$ROOT/dist/orchestrator-agent" join "$COORDINATOR_URL" --token "$token" --name "$host" \
      --data-dir "$data/agent" --docker "unix://$(host_socket "$host")" </dev/null >>"$data/agent.log" 2>&1 || {
      warn "$host could not join $COORDINATOR_URL:"
      tail -n 5 "$data/agent.log" >&2
      return 1
    }
    touch "$data/joined"
  fi
  ORCHESTRATOR_INGRESS_IMAGE=$INGRESS_IMAGE \
    start_in_host "$host" "$run/agent" "$data/agent.log" "$ROOT/dist/orchestrator-agent" run --data-dir "$data/agent"
}

hosts_ready_count() { orchestrator --context "$FLEET_CONTEXT" hosts ls --json 2>/dev/null | grep -oE '"state": *"ready"' | wc -l; }
hosts_ready_enough() { [ "$(hosts_ready_count)" -ge "$1" ]; }

agents_wait() {
  wait_until 30 "the coordinator to see all $1 hosts ready; it says:" hosts_ready_enough "$1" && return 0
  orchestrator --context "$FLEET_CONTEXT" hosts ls >&2 || true
  return 1
}
