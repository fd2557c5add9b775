gets [socket 127.0.0.1 [lindex $argv 0]]
