# Functions of the scripts that test a package in a bare root.

# Prints every file with its rights, the checksums of files (but the package manager's records), and the loader's cache.
files() {
  find / -xdev \( -path /proc -o -path /mnt \) -prune -o -printf '%p %M %u:%g %l\n' | sort
  find / -xdev \( -path /proc -o -path /mnt -o -path /var -o -path /etc/ld.so.cache \) -prune -o -type f -print0 \
    | xargs -0 sha256sum | sort -k 2
  ldconfig -p
}

# A program without keepalive: prints SO_KEEPALIVE and TCP_KEEPIDLE (4 of level 6) of a new TCP socket.
new_socket=(perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
  printf "%d/%d\n", map unpack("i", getsockopt($s, $_->[0], $_->[1])), [SOL_SOCKET, SO_KEEPALIVE], [6, 4]')

# expect TEXT COMMAND... : COMMAND succeeds and prints TEXT, a pattern, and nothing else, also on standard error.
expect() {
  local printed
  printed=$("${@:2}" 2>&1) || { echo "status $?: ${*:2}"; echo "$printed"; exit 1; }
  # shellcheck disable=SC2053 # a pattern
  [[ $printed == $1 ]] || { echo "expected '$1', printed: '$printed': ${*:2}"; exit 1; }
}

# works COMMAND : the installed command runs a program with the library, and shows its socket.
works() {
  expect "1/300" "$1" run --idle 5m -- "${new_socket[@]}"
  expect "*perl*LISTEN*5m+9x75s*" "$1" run --idle 5m -- \
    perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!; listen($s, 1) or die $!;
      exit system(@ARGV, $$) >> 8' \
    "$1" show
}
