// Java in its ways to write; the first argument names one.

import java.io.BufferedWriter;
import java.io.File;
import java.io.FileOutputStream;
import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.FileHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

public final class Zoo {
    private static final Path LOG = Path.of("app.log");

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "print" -> print();
            case "logging" -> logging();
            case "rolling" -> rolling();
            case "files" -> files();
            case "threads" -> threads();
            case "children" -> children();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void print() {
        for (int i = 0; i < 300; i++) {
            System.out.println("out " + i);
            System.err.printf("err %d%n", i);
        }
        System.out.write(new byte[] {(byte) 0xff, 0, '\n'}, 0, 3);
        System.out.print("no end");
        System.out.flush();
        System.exit(5);
    }

    private static final class Plain extends Formatter {
        @Override
        public String format(LogRecord logged) {
            return logged.getLevel() + " " + logged.getMessage() + "\n";
        }
    }

    /** What java.util.logging does by itself: app.log is renamed to app.log.1 and so on, and begun anew. */
    private static void logging() throws IOException {
        Logger logger = Logger.getLogger("zoo");
        logger.setUseParentHandlers(false);
        // %g stands where there is more than one; the newest is app.0.log.
        Handler file = new FileHandler("app.%g.log", 1000, 3);
        for (Handler handler : List.of(file, new ConsoleHandler())) {
            handler.setFormatter(new Plain());
            logger.addHandler(handler);
        }
        for (int i = 0; i < 200; i++) {
            logger.info(String.format("log %03d", i));
        }
        file.close();
    }

    /** As the rolling appenders of log4j and logback do: a buffer, a rename at a size, a new file. */
    private static void rolling() throws IOException {
        int written = 0;
        FileOutputStream log = new FileOutputStream("app.log", true);
        for (int i = 0; i < 300; i++) {
            byte[] line = ("log " + i + "\n").getBytes(StandardCharsets.UTF_8);
            if (written + line.length > 1000) {
                log.close();
                if (Files.exists(Path.of("app.log.1"))) {
                    Files.move(Path.of("app.log.1"), Path.of("app.log.2"), StandardCopyOption.REPLACE_EXISTING);
                }
                new File("app.log").renameTo(new File("app.log.1"));
                log = new FileOutputStream("app.log", true);
                written = 0;
            }
            log.write(line);
            written += line.length;
        }
        log.close();
    }

    private static void files() throws IOException {
        Path seed = Path.of("seed");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            text.append("seed ").append(i).append('\n');
        }
        Files.writeString(seed, text);
        Files.writeString(LOG, "writeString\n");
        Files.write(LOG, List.of("lines", "of write"), StandardOpenOption.APPEND);
        try (BufferedWriter writer = new BufferedWriter(new FileWriter("app.log", true))) {
            writer.write("a writer\n");
        }
        try (FileChannel channel = FileChannel.open(LOG, StandardOpenOption.APPEND)) {
            channel.write(ByteBuffer.wrap("a channel\n".getBytes(StandardCharsets.UTF_8)));
            channel.write(new ByteBuffer[] {ByteBuffer.wrap("gath".getBytes()), ByteBuffer.wrap("ered\n".getBytes())});
            channel.force(true);
        }
        try (RandomAccessFile log = new RandomAccessFile("app.log", "rw")) {
            log.seek(log.length());
            log.writeBytes("random access\n");
        }
        try (FileChannel from = FileChannel.open(seed);
                FileChannel to = FileChannel.open(LOG, StandardOpenOption.APPEND)) {
            for (long at = 0; at < from.size(); ) {
                at += from.transferTo(at, from.size() - at, to);
            }
        }
        try (PrintStream log = new PrintStream(new FileOutputStream("app.log", true), true)) {
            System.setOut(log);
            System.out.println("System.out elsewhere");
        }
    }

    private static void threads() throws Exception {
        List<Thread> started = new ArrayList<>();
        FileOutputStream log = new FileOutputStream("app.log", true);
        for (int n = 0; n < 8; n++) {
            String name = "t" + n;
            Thread thread =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 100; i++) {
                                    System.out.println(name + " " + i);
                                    try {
                                        log.write((name + " " + i + "\n").getBytes(StandardCharsets.UTF_8));
                                    } catch (IOException e) {
                                        throw new IllegalStateException(e);
                                    }
                                }
                            });
            started.add(thread);
            thread.start();
        }
        for (Thread thread : started) {
            thread.join();
        }
        log.close();
    }

    private static ProcessBuilder process(String... command) {
        return new ProcessBuilder(command).inheritIO();
    }

    private static void children() throws Exception {
        System.out.println("before");
        process("echo", "inherited").start().waitFor();
        ProcessBuilder bare = process("/bin/sh", "-c", "echo empty environment; echo err >&2");
        bare.environment().clear();
        bare.start().waitFor();
        byte[] secret = new ProcessBuilder("echo", "secret").start().getInputStream().readAllBytes();
        System.out.println(secret.length);
        process("echo", "into the log")
                .redirectOutput(ProcessBuilder.Redirect.appendTo(LOG.toFile()))
                .start()
                .waitFor();
        System.out.println("after");
    }
}
