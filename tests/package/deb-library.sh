# The library's .deb alone: installed, used, removed.
dpkg -i "$1"
expect "1/123" env LD_PRELOAD=libkeepalive.so KEEPIDLE=123 "${new_socket[@]}"
expect "" env LD_PRELOAD=libkeepalive.so true
dpkg --purge libkeepalive
expect "0/*" "${new_socket[@]}"
