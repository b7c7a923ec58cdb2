import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

/**
 * One OpenSearch node for tests, on loopback; PluggedNode is the part that depends on the major version. Arguments are
 * settings, {@code key=value}; the system property {@code logtap.module} names the class of a plugin to load besides. It
 * lives until its standard input ends, so it never outlives the test that started it, and removes its home then.
 */
public final class SearchNode {
    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            int separator = argument.indexOf('=');
            settings.put(argument.substring(0, separator), argument.substring(separator + 1));
        }
        Settings given = settings.build();
        LogConfigurator.configureWithoutConfig(given);
        Map<String, String> none = new HashMap<>();
        Path home = Path.of(given.get("path.home"));
        Path noConfig = home.resolve("config");
        Environment environment = InternalSettingsPreparer.prepareEnvironment(given, none, noConfig, () -> "logtap-test");
        Node node = new PluggedNode(environment, System.getProperty("logtap.module"));
        node.start();
        while (System.in.read() >= 0) {
            // Nobody writes to it; the end of the stream is the signal.
        }
        node.close();
        try (Stream<Path> files = Files.walk(home)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
        System.exit(0);
    }
}
