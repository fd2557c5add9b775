import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Accepts one connection at a port that the kernel chooses and waits for the other end to close. */
public class Server {
  public static void main(String[] arguments) throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket socket = listener.accept()) {
      socket.getInputStream().read();
    }
  }
}
