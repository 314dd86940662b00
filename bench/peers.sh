# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # work is bench/traffic's folder for what goes away
# What others do with the same image under the same load; sourced by bench/traffic.

PEER_HOST=h1
PEER_PORT=18080
PEER_URL=http://$FLEET_NET.1:$PEER_PORT
PEER_IMAGE=$REGISTRY_ADDRESS/load
PEER_NAME=traffic-peer
BARE_INGRESS=http://$FLEET_NET.1:8081

peer_docker() { docker -H "unix://$(host_socket "$PEER_HOST")" "$@"; }

# One host suffices; a fleet that is up stays as it is.
peer_ready() {
  if ! engine_alive "$PEER_HOST"; then "$ROOT/deploy/fleet" up 1; fi
  images_pushed
}

peer_answers() { curl -fsS --noproxy '*' --max-time 2 "$PEER_URL/healthz"; }
peer_wait() { wait_until 20 "$PEER_URL to answer" peer_answers || die "the peer does not serve"; }

peers_down() {
  local container
  if ! engine_alive "$PEER_HOST"; then return 0; fi
  for container in $(peer_docker ps --all --quiet --filter "label=com.docker.compose.project=$PEER_NAME"; peer_docker ps --all --quiet --filter "label=$PEER_NAME"); do
    peer_docker rm --force "$container" >/dev/null 2>&1 || true
  done
  peer_docker network rm "${PEER_NAME}_default" >/dev/null 2>&1 || true
}

compose_up() {
  cat >"$work/compose.yaml" <<COMPOSE
version: "3.8"
services:
  web:
    image: $PEER_IMAGE:$1
    ports: ["$PEER_PORT:80"]
    stop_grace_period: 20s
COMPOSE
  docker-compose --host "unix://$(host_socket "$PEER_HOST")" --project-name "$PEER_NAME" --file "$work/compose.yaml" up -d >"$work/compose.log" 2>&1 || {
    cat "$work/compose.log" >&2
    die "docker-compose up failed"
  }
}

# peer_compose COUNT: docker-compose up -d with the other image, COUNT times.
peer_compose() {
  local i version=v1
  need_packages docker-compose:docker-compose
  compose_up v1
  peer_wait
  load_start "$PEER_URL"
  for ((i = 0; i < $1; i++)); do
    version=$(other_version "$version")
    compose_up "$version"
    peer_wait
    settle 3
  done
  load_stop
  told "compose=$1" may "$1 times docker-compose up -d with another image"
  peers_down
}

published_run() {
  peer_docker run --detach --name "$PEER_NAME" --label "$PEER_NAME" --publish "$PEER_PORT:80" "$PEER_IMAGE:$1" >/dev/null
}

# peer_published COUNT: docker stop, rm, run, COUNT times.
peer_published() {
  local i version=v1
  published_run v1
  peer_wait
  load_start "$PEER_URL"
  for ((i = 0; i < $1; i++)); do
    version=$(other_version "$version")
    peer_docker stop --time 20 "$PEER_NAME" >/dev/null
    peer_docker rm "$PEER_NAME" >/dev/null
    published_run "$version"
    peer_wait
    settle 3
  done
  load_stop
  told "published=$1" may "$1 times docker stop, rm, run"
  peers_down
}

# --- throughput beside a plain HAProxy ---

# The addresses of the bare stack's replicas, as any process on their host reaches them.
bare_replicas() {
  local id
  for id in $(peer_docker ps --quiet --filter label=orchestrator.stack=bare); do
    peer_docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$id" | awk '{ print $1 }'
  done
}

bare_start() {
  local address i=0
  {
    printf 'global\n  maxconn 4000\n  nbthread %s\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m\n' "$(nproc)"
    printf 'frontend web\n  bind :%s\n  default_backend web\nbackend web\n  balance roundrobin\n' "$PEER_PORT"
    # What no configuration for production does without: the client's address and scheme, a retry elsewhere, health checks.
    printf '  option forwardfor\n  http-request set-header X-Forwarded-Proto %%[ssl_fc,iif(https,http)]\n  option redispatch 1\n'
    for address in "$@"; do
      i=$((i + 1))
      printf '  server w%s %s:80 check inter 1s\n' "$i" "$address"
    done
  } >"$work/haproxy.cfg"
  chmod 755 "$work"
  chmod 644 "$work/haproxy.cfg"
  # In a container of the very image, as our own: what a control group costs is not ours to gain or lose.
  peer_docker run --detach --name "$PEER_NAME-haproxy" --label "$PEER_NAME" --network host --volume "$work:$work:ro" --entrypoint haproxy \
    "$REGISTRY_ADDRESS/orchestrator-ingress:local" -db -f "$work/haproxy.cfg" >/dev/null
}

# wrk_once URL prints "requests/s p99-in-ms".
wrk_once() {
  wrk --threads 1 --connections 32 --duration "$wrk_seconds" --latency "$1/" >"$work/wrk.txt" || { cat "$work/wrk.txt" >&2; return 1; }
  if grep -q 'Non-2xx\|Socket errors' "$work/wrk.txt"; then cat "$work/wrk.txt" >&2; fi
  awk '/Requests\/sec/ { rate = $2 }
    $1 == "99%" { v = $2; if (v ~ /us$/) f = 0.001; else if (v ~ /ms$/) f = 1; else f = 1000; sub(/[a-z]+$/, "", v); p99 = v * f }
    END { printf "%s %s\n", rate, p99 }' "$work/wrk.txt"
}

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%s\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

bare_haproxy() {
  local i rounds=5 wrk_seconds=5s addresses
  if [ "$QUICK" = true ]; then rounds=3 wrk_seconds=2s; fi
  need_packages wrk:wrk
  # The same two containers behind both, on the proxies' own host.
  deployed=true
  REGISTRY=$REGISTRY_ADDRESS cli deploy "$ROOT/bench/bare-stack.yaml" >"$work/deploy.log" 2>&1 || { tail -n 30 "$work/deploy.log" >&2; die "the deploy of bench/bare-stack.yaml failed"; }
  wait_until 20 "our ingress to answer" ingress_answers "$BARE_INGRESS" || die "no traffic passes through $BARE_INGRESS"
  mapfile -t addresses < <(bare_replicas)
  [ ${#addresses[@]} = 2 ] || die "${#addresses[@]} replicas of bare run on $PEER_HOST, not 2"
  bare_start "${addresses[@]}"
  wait_until 10 "the bare HAProxy to answer" peer_answers || { peer_docker logs "$PEER_NAME-haproxy" >&2; die "the bare HAProxy does not serve"; }
  : >"$work/bare"
  : >"$work/ours"
  for ((i = 0; i < rounds; i++)); do
    wrk_once "$PEER_URL" >>"$work/bare"
    wrk_once "$BARE_INGRESS" >>"$work/ours"
  done
  peers_down
  local bare ours bare99 ours99
  bare=$(awk '{ print $1 }' "$work/bare" | median) bare99=$(awk '{ print $2 }' "$work/bare" | median)
  ours=$(awk '{ print $1 }' "$work/ours" | median) ours99=$(awk '{ print $2 }' "$work/ours" | median)
  mkdir -p "$(dirname "$RESULTS")"
  jq -nc --argjson quick "$QUICK" --argjson bare "$bare" --argjson ours "$ours" --argjson bare99 "$bare99" --argjson ours99 "$ours99" \
    '{scenario: "bare-haproxy", quick: $quick, barePerSecond: $bare, oursPerSecond: $ours, bareP99Ms: $bare99, oursP99Ms: $ours99, throughputRatio: ($ours / $bare), p99Ratio: ($ours99 / $bare99)}' |
    tee -a "$RESULTS" |
    jq -r '"bare-haproxy; HAProxy by hand \(.barePerSecond | round)/s p99 \(.bareP99Ms) ms; our ingress \(.oursPerSecond | round)/s p99 \(.oursP99Ms) ms; throughput \(.throughputRatio * 100 | round) %, p99 \(.p99Ratio * 100 | round) %"'
}
