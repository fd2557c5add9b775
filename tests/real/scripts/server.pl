use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die "listen: $@";
my $connection = $listener->accept();
<$connection>;
