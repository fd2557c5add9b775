# The .tar.gz: unpacked to a prefix of its own, used there, moved, unpacked to /usr/local, each removed.
tar -C /opt -xf "$1"
works /opt/keepalive-*/bin/keepalive
mv /opt/keepalive-* /srv/moved
works /srv/moved/bin/keepalive
rm -r /srv/moved

before=$(find /usr/local)
tar -C /usr/local --keep-directory-symlink --strip-components=1 -xf "$1"
ldconfig
expect "1/123" env LD_PRELOAD=libkeepalive.so KEEPIDLE=123 "${new_socket[@]}"
works keepalive
find /usr/local -depth | grep -vxF "$before" | xargs rm -d
ldconfig
