import java.io.FileOutputStream

object Logs {
  def load(i: Int): Int = throw new NoSuchElementException(s"id $i")

  def main(args: Array[String]): Unit = {
    val truth = new FileOutputStream(System.getenv("TRUTH"), true)
    for (i <- 0 until args(0).toInt) {
      if (i % 5 == 4) {
        try {
          try List(1).map(_ => load(i)) catch { case error: NoSuchElementException => throw new RuntimeException(s"order $i", error) }
        } catch { case error: RuntimeException => error.printStackTrace() }
      } else System.err.println(s"order $i accepted")
      truth.write("e\n".getBytes)
      if (args(1) == "low") Thread.sleep(4)
    }
  }
}
