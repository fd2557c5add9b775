proc accepted {channel address port} {}
socket -server accepted -myaddr 127.0.0.1 0
vwait forever
