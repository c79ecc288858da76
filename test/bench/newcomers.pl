# Forks processes one after the other, each of which asks a Workload API for its X509-SVIDs once. Forked, they are new to
# the daemon and yet warm: what is measured there is not the start of a program.
# Arguments: path of the socket, how many.
use strict;
use warnings;
use Socket;

my ($path, $count) = @ARGV;

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

sub literal {
    return join '', map { pack('C C/a C/a', 0, $_->[0], $_->[1]) } @_;
}

my $headers = literal(
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/SpiffeWorkloadAPI/FetchX509SVID'],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['workload.spiffe.io', 'true'],
);
my $request = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(4, 0, 0, '') . frame(1, 4, 1, $headers) . frame(0, 1, 1, "\0" x 5);

sub take {
    my ($socket, $length) = @_;
    my $bytes = '';
    while (length $bytes < $length) {
        sysread($socket, $bytes, $length - length $bytes, length $bytes) or die 'the daemon hung up';
    }
    return $bytes;
}

sub ask {
    my $socket;
    # A daemon that is still starting is waited for.
    while (1) {
        socket($socket, AF_UNIX, SOCK_STREAM, 0) or die $!;
        last if connect($socket, sockaddr_un($path));
        select(undef, undef, undef, 0.001);
    }
    syswrite($socket, $request);
    while (1) {
        my ($length, $type, $flags) = unpack('N C C', "\0" . take($socket, 9));
        my $payload = $length > 0 ? take($socket, $length) : '';
        return if $type == 0;
        syswrite($socket, frame($type, 1, 0, $type == 6 ? $payload : '')) if ($type == 4 || $type == 6) && !($flags & 1);
    }
}

for (1 .. $count) {
    my $child = fork // die $!;
    if ($child == 0) {
        ask();
        exit 0;
    }
    waitpid($child, 0);
    die 'a newcomer got no answer' if $? != 0;
}
