import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/**
 * One OpenSearch node for tests, on loopback. Arguments are settings, {@code key=value}; the system property
 * {@code logtap.module} names the class of a plugin to load besides. It lives until its standard
 * input ends, so it never outlives the test that started it, and removes its home then.
 */
public final class SearchNode extends Node {
    private SearchNode(Environment environment, Collection<PluginInfo> plugins) {
        super(environment, plugins, true);
    }

    private static PluginInfo module(Class<?> plugin) {
        String name = plugin.getName();
        return new PluginInfo(name, "module", "NA", Version.CURRENT, "21", name, null, Collections.emptyList(), false);
    }

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
        List<PluginInfo> modules = new ArrayList<>();
        modules.add(module(Netty4ModulePlugin.class));
        modules.add(module(CommonAnalysisModulePlugin.class));
        modules.add(module(ReindexModulePlugin.class));
        String extension = System.getProperty("logtap.module");
        if (extension != null) {
            modules.add(module(Class.forName(extension)));
        }
        SearchNode node = new SearchNode(environment, modules);
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
