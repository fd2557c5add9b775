# The .deb of the library for amd64 and i386 side by side: one LD_PRELOAD line serves programs of both word sizes.
program32=$1
dpkg -i "${@:2}"
for preload in '/usr/$LIB/libkeepalive.so' libkeepalive.so; do
  expect "1/123" env LD_PRELOAD="$preload" KEEPIDLE=123 "${new_socket[@]}"
  expect "*KEEPALIVE is ON*KEEPIDLE  = 123*" env LD_PRELOAD="$preload" KEEPIDLE=123 "$program32"
done
dpkg --purge libkeepalive:amd64 libkeepalive:i386
