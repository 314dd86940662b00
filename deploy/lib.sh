# shellcheck shell=bash
# Shared by the scripts in this folder; source it, do not run it.
# Everything said goes to standard error, so that standard output stays what a script may read.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DEBIAN_FRONTEND=noninteractive

# The engine that quickstart starts where neither systemd nor anyone else did.
OWN_ENGINE_PID=/run/orchestrator-dockerd
OWN_ENGINE_LOG=/var/log/orchestrator-dockerd.log

say()  { printf '\033[36m==>\033[0m %s\n' "$*" >&2; }
warn() { printf '\033[33mwarning:\033[0m %s\n' "$*" >&2; }
die()  { printf '\033[31merror:\033[0m %s\n' "$*" >&2; exit 1; }
if [ ! -t 2 ]; then
  say()  { printf '==> %s\n' "$*" >&2; }
  warn() { printf 'warning: %s\n' "$*" >&2; }
  die()  { printf 'error: %s\n' "$*" >&2; exit 1; }
fi

have() { command -v "$1" >/dev/null 2>&1; }

need_root() {
  [ "$(id -u)" = 0 ] || die "$(basename "$0") sets up network namespaces and engines and must run as root. Run: sudo $0"
}

# need_packages PACKAGE[:COMMAND]... installs those whose command is not there (a package without a
# command is looked up in dpkg). One apt-get update for all of them, and none if nothing is missing.
need_packages() {
  local entry package command missing=()
  for entry in "$@"; do
    package=${entry%%:*} command=${entry#*:}
    if [ "$command" != "$entry" ]; then
      PATH=$PATH:/usr/sbin:/sbin have "$command" && continue
    elif dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
      continue
    fi
    missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  need_root
  have apt-get || die "these packages are missing and there is no apt-get to install them with: ${missing[*]}"
  say "installing ${missing[*]}"
  local log; log=$(mktemp /tmp/orchestrator-apt.XXXXXX)
  if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install ${missing[*]} (whole output: $log). Install them by hand and run this again."
  fi
  rm -f "$log"
}

# need_packages_quietly PACKAGE[:COMMAND]... installs without letting the packages start their services: Debian's
# policy-rc.d says no meanwhile, unless the machine has a policy of its own.
need_packages_quietly() {
  local policy=/usr/sbin/policy-rc.d ours='' status=0
  if [ "$(id -u)" = 0 ] && [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    ours=1
  fi
  (need_packages "$@") || status=$?
  [ -z "$ours" ] || rm -f $policy
  return $status
}

need_dotnet() {
  have dotnet || die "the .NET SDK is missing. Install .NET 10's SDK (https://dotnet.microsoft.com/download) and run this again."
  (cd "$ROOT" && dotnet --version) >/dev/null 2>&1 ||
    die "the installed .NET SDK does not fit global.json: $(cd "$ROOT" && dotnet --version 2>&1 | head -n 3 | tr '\n' ' ')"
}

# wait_until SECONDS WHAT COMMAND... asks every 50 ms; fails with WHAT once SECONDS have passed.
wait_until() {
  local seconds=$1 what=$2 end
  shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then
      warn "waited ${seconds}s in vain: $what"
      return 1
    fi
    sleep 0.05
  done
}

# shellcheck disable=SC2016 # the inner shell expands them
port_open() { timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; }

engine_answers() { timeout 5 docker version; }

# --- processes, known by pid and start time, so that a pid used again by another is never ended ---

# start_process PIDFILE LOG COMMAND... starts it in a session of its own and keeps nothing of ours open.
start_process() {
  local pidfile=$1 log=$2
  shift 2
  rm -f "$pidfile"
  setsid "$ROOT/deploy/testbed/spawn" /proc "$pidfile" "$@" </dev/null >>"$log" 2>&1 9>&- &
  disown
  wait_until 10 "the start of $1 (log: $log)" test -s "$pidfile"
}

process_alive() {
  local pid start stat fields
  [ -s "$1" ] && read -r pid start <"$1" || return 1
  read -r stat 2>/dev/null <"/proc/$pid/stat" || return 1
  read -r -a fields <<<"${stat##*) }"
  [ "${fields[0]}" != Z ] && [ "${fields[19]}" = "$start" ]
}

process_gone() { ! process_alive "$1"; }

process_pid() { local pid; read -r pid _ <"$1"; echo "$pid"; }

# end_process PIDFILE [SECONDS] asks it to end, and after SECONDS (10) makes it; 0 asks nothing.
end_process() {
  local pidfile=$1 seconds=${2:-10} pid
  if process_alive "$pidfile"; then
    pid=$(process_pid "$pidfile")
    if [ "$seconds" -gt 0 ]; then
      kill -TERM "$pid" 2>/dev/null || true
      wait_until "$seconds" "the end of process $pid ($pidfile), killing it" process_gone "$pidfile" || true
    fi
    if process_alive "$pidfile"; then
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 10 "the end of killed process $pid ($pidfile)" process_gone "$pidfile" || return 1
    fi
  fi
  rm -f "$pidfile"
}

# --- the local engine ---

# ensure_engine leaves an engine answering, the one DOCKER_HOST or the docker context names if there is
# one; otherwise it installs Debian's and starts it, by systemd where that runs, by hand elsewhere.
ensure_engine() {
  if have docker && engine_answers >/dev/null 2>&1; then return 0; fi
  [ -z "${DOCKER_HOST:-}" ] ||
    die "DOCKER_HOST is $DOCKER_HOST and no engine answers there. Start it, or unset DOCKER_HOST to use the local engine."
  need_packages docker.io:dockerd docker.io:docker iptables:iptables
  need_root
  if [ -d /run/systemd/system ]; then
    say "starting Docker (systemctl start docker)"
    systemctl start docker || die "systemctl could not start docker; see: journalctl -u docker"
    wait_until 30 "the Docker engine to answer" engine_answers || die "the engine does not answer; see: journalctl -u docker"
    return 0
  fi
  say "starting Docker (dockerd; no systemd runs here)"
  process_alive "$OWN_ENGINE_PID" || start_process "$OWN_ENGINE_PID" "$OWN_ENGINE_LOG" dockerd
  if ! wait_until 30 "the Docker engine to answer" engine_answers; then
    tail -n 15 "$OWN_ENGINE_LOG" >&2
    die "dockerd does not answer (whole log: $OWN_ENGINE_LOG)"
  fi
}
