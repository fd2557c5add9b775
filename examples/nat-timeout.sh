#!/usr/bin/env bash
# nat-timeout.sh [LIBRARY] : shows a router that forgets an idle connection, and that libkeepalive.so prevents it (TCP
# Keepalive HOWTO, 2.4). Needs root, iproute2, nftables and nc (netcat-openbsd). It uses network namespaces of its own,
# which disappear when the script ends, also if it is killed; the machine's network is not changed.
set -euo pipefail

forgets_after=3 # seconds
silence=8       # seconds

here=$(cd "$(dirname "$0")" && pwd)
library=${1:-}
for candidate in "$here"/../build/{demo,release}/lib/libkeepalive.so; do
  [[ -z $library && -e $candidate ]] && library=$(realpath "$candidate")
done
library=${library:-libkeepalive.so}

[[ $(id -u) == 0 ]] || { echo "nat-timeout.sh: needs root, to make network namespaces" >&2; exit 1; }
for program in unshare nsenter setpriv ip nft nc ss; do
  command -v "$program" > /dev/null || { echo "nat-timeout.sh: needs the program $program" >&2; exit 1; }
done
if [[ $(LD_PRELOAD=$library cat /proc/self/maps 2> /dev/null) != *"${library##*/}"* ]]; then
  echo "nat-timeout.sh: the library '$library' cannot be loaded; build or install it, or give its path" >&2
  exit 1
fi

# The script itself is the router, in a network namespace that disappears with its last process.
if [[ ${NAT_TIMEOUT_INSIDE:-} != yes ]]; then
  NAT_TIMEOUT_INSIDE=yes exec unshare --net -- "$0" "$library"
fi

work=$(mktemp -d)
finish() {
  trap - EXIT INT TERM
  kill $(jobs -p) 2> /dev/null || true
  wait 2> /dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Runs a program in the background. It ends with this script, also if the script is killed.
background() { setpriv --pdeathsig KILL -- "$@" <&0 & }
say() { printf '%4d s  %s\n' $((SECONDS - started)) "$*"; }

# host NAME ADDRESS-OF-ROUTER ADDRESS : makes a network namespace with one link to the router.
host() {
  background unshare --net sleep 300
  local pid=$! its
  until its=$(readlink "/proc/$pid/ns/net") && [[ $its != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.01; done
  ip link add "$1" type veth peer name eth0 netns "$pid"
  ip address add "$2/24" dev "$1"
  ip link set "$1" up
  nsenter -t "$pid" -n ip address add "$3/24" dev eth0
  nsenter -t "$pid" -n ip link set eth0 up
  nsenter -t "$pid" -n ip route add default via "$2"
  declare -g "$1=$pid"
}
host client 10.9.0.1 10.9.0.2
host server 10.8.0.1 10.8.0.2

# The router does NAT, forgets idle connections, and drops packets of connections that it does not know.
echo 1 > /proc/sys/net/ipv4/ip_forward
nft -f - << 'RULES'
table ip router {
  chain nat {
    type nat hook postrouting priority 100;
    oifname "server" masquerade
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "client" ct state new tcp flags & (syn | ack) == syn accept
  }
  chain input {
    type filter hook input priority 0; policy drop;
  }
}
RULES
echo $forgets_after > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose

listen() { # PORT FILE
  background nsenter -t "$server" -n nc -l 10.8.0.2 "$1" > "$2"
  until [[ -n $(nsenter -t "$server" -n ss -tlnH "sport = :$1") ]]; do sleep 0.05; done
}
received() { # FILE LINE
  grep -qx "$2" "$1" && echo "arrived" || echo "never arrived"
}

echo "A router with NAT that forgets a connection after $forgets_after s of silence stands between a client and a server."
echo "Two clients send a line, are silent for $silence s, and send another; only the second has the library."
echo
listen 9001 "$work/without"
listen 9002 "$work/with"
mkfifo "$work/to1" "$work/to2"
exec 8<> "$work/to1" 9<> "$work/to2"
background nsenter -t "$client" -n nc 10.8.0.2 9001 < "$work/to1"
LD_PRELOAD=$library KEEPIDLE=1 KEEPINTVL=1 background nsenter -t "$client" -n nc 10.8.0.2 9002 < "$work/to2"
started=$SECONDS
say 'both clients send "first"'
echo first >&8
echo first >&9
until grep -q first "$work/without" && grep -q first "$work/with"; do sleep 0.05; done
say "silence; the kernel's view of the two connections (ss -tno):"
sleep 1
nsenter -t "$client" -n ss -tnoH state established | sed -E 's/ +/ /g; s/^/          /'
sleep $((silence - 1))
say 'both clients send "second"'
echo second >&8
echo second >&9
sleep 3

printf '\n%-10s %-24s %s\n' "" "without the library" "KEEPIDLE=1 KEEPINTVL=1 with it"
printf '%-10s %-24s %s\n' '"first"' "$(received "$work/without" first)" "$(received "$work/with" first)"
printf '%-10s %-24s %s\n' '"second"' "$(received "$work/without" second)" "$(received "$work/with" second)"
