import java.io.FileOutputStream

fun load(i: Int): Int = throw NoSuchElementException("id $i")

fun handle(i: Int) {
    try {
        load(i)
    } catch (error: NoSuchElementException) {
        throw IllegalStateException("order $i failed", error)
    }
}

fun main(args: Array<String>) {
    val truth = FileOutputStream(System.getenv("TRUTH"), true)
    val loop = { name: String ->
        for (i in 0 until args[0].toInt()) {
            if (i % 5 == 4) {
                try { handle(i) } catch (error: Exception) { error.printStackTrace() }
            } else {
                System.err.println("$name: order $i")
            }
            truth.write("e\n".toByteArray())
            if (args[1] == "low") Thread.sleep(4)
        }
    }
    if (args[1] != "threads") return loop("main")
    val threads = (0..1).map { n -> Thread { loop("worker-$n") } }
    threads.forEach { it.start() }
    threads.forEach { it.join() }
}
