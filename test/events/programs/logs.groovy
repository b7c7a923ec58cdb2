// Prints lines and the traces of exceptions on stderr.
def truth = new FileOutputStream(System.getenv('TRUTH'), true)
def fetch(i) { throw new NoSuchElementException("order $i is not there") }
def handle(i) {
    try { fetch(i) } catch (error) { throw new IllegalStateException("cannot handle order $i", error) }
}
(args[0] as int).times { i ->
    if (i % 5 == 4) {
        try { handle(i) } catch (error) { org.codehaus.groovy.runtime.StackTraceUtils.sanitize(error).printStackTrace() }
    } else {
        System.err.println "order $i accepted"
    }
    truth.write('e\n'.bytes)
    if (args[1] in ['low', 'pipe']) sleep 4
}
