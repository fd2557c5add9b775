import java.net.InetAddress;
import java.net.Socket;

/** Connects to the port named and waits for the other end to close. */
public class Client {
  public static void main(String[] arguments) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]))) {
      socket.getInputStream().read();
    }
  }
}
