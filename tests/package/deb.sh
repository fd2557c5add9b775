# The two .deb: installed, used by the library's name, through the command and for the whole machine, and removed.
examples=/usr/share/doc/keepalive/examples
expect "0/*" "${new_socket[@]}"
dpkg -i "$@"
expect "" dpkg --verify keepalive libkeepalive
expect "1/123" env LD_PRELOAD=libkeepalive.so KEEPIDLE=123 "${new_socket[@]}"
expect "1/123" env LD_PRELOAD='/usr/$LIB/libkeepalive.so' KEEPIDLE=123 "${new_socket[@]}"
expect "*libkeepalive.so*" ldconfig -p  # the trigger ran
works keepalive
expect "*KEEPALIVE is ON*KEEPIDLE  = 300*" keepalive run --idle 5m keepalive-check

# A unit that was enabled is disabled with the package.
wanted=/etc/systemd/system/sysinit.target.wants/keepalive-machine.service
mkdir -p "${wanted%/*}"
ln -s /lib/systemd/system/keepalive-machine.service "$wanted"
dpkg --purge keepalive
[ ! -L "$wanted" ] || { echo "the unit is still enabled"; exit 1; }
dpkg -i "$@"

# The whole machine. A library that each program loads is upgraded, but not removed.
# Programs for both word sizes can run in this root, and the library is for one.
expect "*have it*tcp_keepalive_time=120*note: 32-bit programs can run here*no 32-bit library for them" $examples/ld-so-preload add '/usr/$LIB/libkeepalive.so'
expect "1/7200" "${new_socket[@]}"
refuses_removal() { # LINE
  ! dpkg --purge keepalive libkeepalive > /tmp/output 2>&1 || { echo "removed in spite of the line '$1'"; exit 1; }
  grep -qxF "First remove this word from /etc/ld.so.preload: ${1%% *}" /tmp/output || { cat /tmp/output; exit 1; }
  rm /tmp/output
  dpkg -i "${debs[@]}"
}
debs=("$@")
for line in '/usr/$LIB/libkeepalive.so' "$(echo /usr/lib/*/libkeepalive.so) # ours" libkeepalive.so '/$LIB/libkeepalive.so'; do
  echo "$line" > /etc/ld.so.preload
  expect "1/7200" "${new_socket[@]}"
  refuses_removal "$line"
  expect "1/7200" "${new_socket[@]}"
done
echo '/usr/$LIB/libkeepalive.so' > /etc/ld.so.preload
expect "*restarted" $examples/ld-so-preload remove '/usr/$LIB/libkeepalive.so'

# Lines that name another file do not count.
for line in "# /usr/lib/libkeepalive.so" /usr/local/lib/libkeepalive.so; do
  echo "$line" > /etc/ld.so.preload
  dpkg --purge keepalive libkeepalive 2> /dev/null
  rm /etc/ld.so.preload
  expect "0/*" "${new_socket[@]}"
  dpkg -i "$@"
done
dpkg --purge keepalive libkeepalive
expect "0/*" "${new_socket[@]}"
