# What the server scripts of this folder share; sourced by them, never run. See README.md.
#
# A script sets `server` (its name) before it sources this file, and defines install_server,
# start_server, stop_server, print_env and, where more can be asked of it, more_commands.
# Downloads live in $STREAM_SERVERS_CACHE and stay; everything of one running server (data, logs,
# process ids, ports) lives in $run and goes with it.
set -euo pipefail

host=127.0.0.1
cache=${STREAM_SERVERS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/libstream-servers}
run=${STREAM_SERVERS_RUN:-${TMPDIR:-/tmp}/libstream-servers-$(id -u)}/$server

# A reason is one line, the last one on standard error.
die() { printf '%s: %s\n' "$server" "$*" >&2; exit 1; }

# require_packages COMMAND PACKAGE…: does nothing where COMMAND is there; installs as root or by a
# sudo that asks nothing. No service of a package is started.
require_packages() {
  local command=$1 become_root=() policy=/usr/sbin/policy-rc.d made_policy=
  shift
  command -v "$command" >/dev/null && return 0
  command -v apt-get >/dev/null || die "$command is not installed and there is no apt"
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || die "$command is not installed; as root: apt-get install $*"
    become_root=(sudo -n)
  fi
  local apt=("${become_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300)
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${become_root[@]}" tee "$policy" >/dev/null
    "${become_root[@]}" chmod 755 "$policy"
    made_policy=1
  fi
  echo "$server: installing $*" >&2
  local failed=
  "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { "${apt[@]}" update >/dev/null 2>&1
      "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1; } || failed=1
  [ -z "$made_policy" ] || "${become_root[@]}" rm -f "$policy"
  [ -z "$failed" ] || die "apt could not install $*"
}

# maven_artefacts DIRECTORY GROUP:ARTEFACT:VERSION…: those and what they need at run time, once.
maven_artefacts() {
  local directory=$1 work coordinates group artefact version
  shift
  mkdir -p "$cache"
  exec 8>"$cache/.lock"
  flock 8
  if [ "$(cat "$directory/.done" 2>/dev/null)" != "$*" ]; then
    work=$(mktemp -d "$cache/fetch-XXXXXX")
    {
      printf '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
      printf '<groupId>libstream</groupId><artifactId>servers</artifactId><version>1</version>'
      printf '<dependencies>'
      for coordinates in "$@"; do
        IFS=: read -r group artefact version <<<"$coordinates"
        printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId>' "$group" "$artefact"
        printf '<version>%s</version></dependency>' "$version"
      done
      printf '</dependencies></project>\n'
    } >"$work/pom.xml"
    if ! timeout 900 mvn -B -q -f "$work/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$work/lib" >"$work/log" 2>&1 8>&-; then
      local reason
      reason=$(grep -m1 ERROR "$work/log" || echo "see mvn")
      rm -rf "$work"
      die "mvn could not fetch $*: $reason"
    fi
    rm -rf "$directory"
    printf '%s' "$*" >"$work/lib/.done"
    mv "$work/lib" "$directory"
    rm -rf "$work"
  fi
  exec 8>&-
}

# is_listening PORT
is_listening() { (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null; }

# free_port: below the range that clients are given, so that nobody takes it by chance while the
# server is down for a moment. Remembered in $run/ports, never given twice.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    grep -qx "$port" "$run/ports" 2>/dev/null && continue
    is_listening "$port" && continue
    echo "$port" | tee -a "$run/ports"
    return
  done
}

# make_certificate: $run/server.pem and server.key for this host, signed by $run/ca.pem.
make_certificate() {
  require_packages openssl openssl
  local log=$run/openssl.log
  {
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=libstream tests" \
      -keyout "$run/ca.key" -out "$run/ca.pem" &&
      openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$host" -addext "subjectAltName=IP:$host" \
        -keyout "$run/server.key" -out "$run/server.csr" &&
      openssl x509 -req -days 30 -in "$run/server.csr" -CA "$run/ca.pem" -CAkey "$run/ca.key" \
        -CAcreateserial -copy_extensions copy -out "$run/server.pem"
  } >"$log" 2>&1 || die "openssl: $(tail -n 1 "$log")"
}

# The moment at which a process started tells it from a later one of the same number.
start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# launch NAME COMMAND…: in a session of its own, with its output in $run/NAME.log.
launch() {
  local name=$1
  shift
  setsid "$@" >>"$run/$name.log" 2>&1 </dev/null &
  echo "$! $(start_of $!)" >"$run/$name.pid"
}

# is_alive NAME: the last thread of a killed process closes its sockets, not the first; a dead one
# that nobody waits for has one thread left, a zombie.
is_alive() {
  local pid began tasks
  read -r pid began 2>/dev/null <"$run/$1.pid" || return 1
  [ -n "$began" ] && [ "$(start_of "$pid")" = "$began" ] || return 1
  tasks=(/proc/"$pid"/task/*)
  ((${#tasks[@]} > 1)) || ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

# send_signal NAME SIGNAL
send_signal() {
  local pid
  is_alive "$1" || return 1
  read -r pid _ <"$run/$1.pid"
  kill "-$2" "$pid"
}

# halt NAME [SIGNAL]: returns when it is gone; killed when the signal did not end it in 10 s.
halt() {
  local i
  send_signal "$1" "${2:-TERM}" 2>/dev/null || true
  for ((i = 0; i < 200; ++i)); do
    is_alive "$1" || break
    ((i != 100)) || send_signal "$1" KILL || true
    sleep 0.1
  done
  rm -f "$run/$1.pid"
}

# wait_until NAME SECONDS COMMAND…: until COMMAND succeeds; an error when NAME ends or time is up.
wait_until() {
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    is_alive "$name" || { tail -n 20 "$run/$name.log" >&2; die "$name ended while it started"; }
    ((SECONDS < deadline)) || { tail -n 20 "$run/$name.log" >&2; die "$name is not ready in time"; }
    sleep 0.1
  done
}

# The server goes when its owner does, or when its time is up.
guard() {
  local owner=$1 began=$2 deadline=$((SECONDS + $3))
  while [ "$(start_of "$owner")" = "$began" ] && ((SECONDS < deadline)); do sleep 1; done
  rm -f "$run/guard.pid"
  stop_all
}

stop_all() {
  [ -d "$run" ] || return 0
  [ ! -e "$run/guard.pid" ] || halt guard KILL
  stop_server
  rm -rf "$run/data" "$run/ports"
}

start_all() {
  local owner=${STREAM_SERVERS_OWNER:-$PPID}
  stop_all
  rm -rf "$run"
  mkdir -p "$run/data"
  launch guard "$0" guard "$owner" "$(start_of "$owner")" "${STREAM_SERVERS_LIMIT:-7200}"
  if ! (start_server "$@"); then
    stop_all
    exit 1
  fi
}

# dispatch COMMAND [ARGUMENTS]: the last line of every script.
dispatch() {
  local command=${1:-}
  shift || true
  case $command in
    install) install_server ;;
    start) start_all "$@" ;;
    stop) stop_all ;;
    env) print_env ;;
    guard) guard "$@" ;;
    *)
      declare -F more_commands >/dev/null && more_commands "$command" "$@" && return
      echo "usage: tests/servers/$server install|start|stop|env${more_usage:-}" >&2
      exit 2
      ;;
  esac
}
