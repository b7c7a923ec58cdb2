import java.io.FileOutputStream;

/** Prints ordinary lines and thread dumps, as SIGQUIT makes them. */
public class Dump {
  public static void main(String[] args) throws Exception {
    FileOutputStream truth = new FileOutputStream(System.getenv("TRUTH"), true);
    long pid = ProcessHandle.current().pid();
    for (int i = 0; i < 12; i++) {
      System.out.println("2026-11-28 10:00:" + (10 + i) + " tick " + i);
      truth.write("e\n".getBytes());
      Thread.sleep(50);
      if (i % 4 == 3) {
        new ProcessBuilder("kill", "-QUIT", String.valueOf(pid)).start().waitFor();
        Thread.sleep(500);
        truth.write("e\n".getBytes());
      }
    }
  }
}
