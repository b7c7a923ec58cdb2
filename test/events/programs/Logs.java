import java.io.FileOutputStream;

/** Logs by one of several frameworks, exceptions with causes and suppressed ones included. */
public class Logs {
  static FileOutputStream truth;

  interface Log { void info(String message); void error(String message, Throwable error); }

  static class Closing implements AutoCloseable {
    public void close() { throw new IllegalStateException("already closed"); }
  }

  static void load(int i) { if (i >= 0) throw new IllegalArgumentException("id " + i + " is not known"); }

  static void handle(int i) throws Exception {
    try (Closing closing = new Closing()) {
      load(i);
    } catch (IllegalArgumentException error) {
      throw new Exception("order " + i + " failed\nfor customer " + i, error);
    }
  }

  static void loop(Log log, String name, int count, boolean slow) {
    try {
      for (int i = 0; i < count; i++) {
        if (i % 5 == 4) {
          try { handle(i); } catch (Exception error) { log.error("cannot handle order " + i, error); }
        } else if (i % 9 == 7) {
          log.info("order " + i + "\nselect *\n  from orders\n where id = " + i);
        } else {
          log.info("order " + i + " handled by " + name);
        }
        truth.write("e\n".getBytes());
        if (slow) Thread.sleep(4);
      }
    } catch (Exception error) { throw new RuntimeException(error); }
  }

  static Log of(String style) throws Exception {
    switch (style) {
      case "jul": {
        java.util.logging.Logger log = java.util.logging.Logger.getLogger("shop.Orders");
        return new Log() {
          public void info(String message) { log.info(message); }
          public void error(String message, Throwable error) { log.log(java.util.logging.Level.SEVERE, message, error); }
        };
      }
      case "log4j2": {
        org.apache.logging.log4j.Logger log = org.apache.logging.log4j.LogManager.getLogger("shop.Orders");
        return new Log() {
          public void info(String message) { log.info(message); }
          public void error(String message, Throwable error) { log.error(message, error); }
        };
      }
      case "logback": {
        org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger("shop.Orders");
        return new Log() {
          public void info(String message) { log.info(message); }
          public void error(String message, Throwable error) { log.error(message, error); }
        };
      }
      default:
        return new Log() {
          public void info(String message) { System.err.println(message.split("\n")[0]); }
          // The message and the trace would be two events: the trace alone is printed.
          public void error(String message, Throwable error) { error.printStackTrace(); }
        };
    }
  }

  public static void main(String[] args) throws Exception {
    truth = new FileOutputStream(System.getenv("TRUTH"), true);
    Log log = of(args[0]);
    int count = Integer.parseInt(args[1]);
    String load = args[2];
    boolean slow = load.equals("low") || load.equals("pipe");
    if (!load.equals("threads")) { loop(log, "main", count, slow); return; }
    Thread[] threads = new Thread[2];
    for (int n = 0; n < 2; n++) {
      String name = "worker-" + n;
      threads[n] = new Thread(() -> loop(log, name, count, false), name);
      threads[n].start();
    }
    for (Thread thread : threads) thread.join();
  }
}
