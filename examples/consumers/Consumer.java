import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * An example consumer of an agency's events, in Java. It needs Java 17 and kafka-clients 4.2.1 with its dependencies.
 *
 * <pre>java -cp "lib/*" Consumer.java pln kafka.example.go.id:9093 pln.password [--ca-file ca.pem] [--until-idle SECONDS]</pre>
 *
 * It shows: isolation level read_committed; committing the offset after the work is done; idempotent handling of an event
 * that comes again; detecting a gap in an application's events; forgetting events that a restore of the sender's database
 * lost; ignoring unknown types; a clean stop.
 */
public final class Consumer {
    /** The types that this system uses. Other types are counted and ignored, because new types can appear at any time. */
    private static final List<String> KNOWN =
            List.of("jejak.application.submitted.v1", "jejak.application.received.v1", "jejak.application.withdrawn.v1");

    private static final Pattern STATUS = Pattern.compile("\"status\":\"([a-z_-]+)\""); // use a JSON library in a real system

    /** The newest version of each application. In a real system, this is a column beside the results of the events. */
    private final Map<String, Long> newest = new HashMap<>();
    private final Map<String, Long> eras = new HashMap<>();
    private final Map<String, String> statuses = new HashMap<>();
    private final Map<String, Long> totals = new TreeMap<>();
    private long gaps;

    public static void main(String[] given) throws Exception {
        new Consumer().run(given[0], given[1], Path.of(given[2]), List.of(given));
    }

    private void run(String agency, String bootstrap, Path password, List<String> given) throws Exception {
        double idle = given.contains("--until-idle") ? Double.parseDouble(after(given, "--until-idle")) : 0;
        KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings(agency, bootstrap, Files.readString(password).strip(), given));
        Thread reading = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { // SIGINT, SIGTERM
            consumer.wakeup();
            try {
                reading.join(10_000);
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }));
        try (consumer) {
            // `newest` is only in memory, so this example always reads from the beginning. With a database, leave
            // seekToBeginning out: reading continues at the group's committed offset.
            consumer.subscribe(List.of("jejak.agency." + agency + ".events.v1"), new FromTheBeginning(consumer));
            long last = System.nanoTime();
            while (idle == 0 || System.nanoTime() - last < idle * 1e9) {
                if (consumer.assignment().isEmpty()) {
                    last = System.nanoTime(); // the group is being formed
                }
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
                    last = System.nanoTime();
                    take(record);
                }
                consumer.commitSync(); // after the work: after a crash in between, events come again, and no event is lost
            }
        } catch (WakeupException stopped) {
            // the offsets are committed up to the last poll
        }
        System.out.println(report());
        System.out.flush();
    }

    private void take(ConsumerRecord<String, String> record) {
        String id = header(record, "ce_id"); // <application>:<version>
        String type = header(record, "ce_type");
        String application = id.substring(0, id.lastIndexOf(':'));
        long version = Long.parseLong(id.substring(id.lastIndexOf(':') + 1));
        long previous = Long.parseLong(header(record, "ce_previous"));
        long era = record.headers().lastHeader("ce_era") == null ? 1 : Long.parseLong(header(record, "ce_era"));
        long before = newest.getOrDefault(application, 0L);
        long known = eras.getOrDefault(application, 1L);
        if (era > known) {
            before = Math.min(before, previous); // the later versions that are stored here did not happen
        }
        if (era < known || version <= before) {
            return; // the event came again
        }
        if (previous != before) {
            gaps++;
            System.err.println("gap before " + id + ": read again from an earlier offset");
        }
        if (KNOWN.contains(type)) {
            Matcher found = STATUS.matcher(record.value());
            if (found.find()) {
                statuses.put(application, found.group(1));
            }
        }
        newest.put(application, version);
        eras.put(application, era);
        totals.merge(type, 1L, Long::sum);
    }

    private static Properties settings(String agency, String bootstrap, String password, List<String> given) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        settings.put("group.id", agency + ".example-java"); // a group's name begins with the agency's id and a dot
        settings.put("isolation.level", "read_committed"); // without it, records of aborted transactions are read, too
        settings.put("enable.auto.commit", "false");
        settings.put("auto.offset.reset", "earliest");
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", StringDeserializer.class.getName());
        settings.put("sasl.mechanism", "SCRAM-SHA-512");
        settings.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
                + agency + "\" password=\"" + password + "\";");
        settings.put("security.protocol", "SASL_PLAINTEXT"); // for tests only
        if (given.contains("--ca-file")) {
            settings.put("security.protocol", "SASL_SSL");
            settings.put("ssl.truststore.type", "PEM");
            settings.put("ssl.truststore.location", after(given, "--ca-file"));
        }
        return settings;
    }

    private static String after(List<String> given, String name) {
        return given.get(given.indexOf(name) + 1);
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        Header found = record.headers().lastHeader(name);
        return new String(found.value(), StandardCharsets.UTF_8);
    }

    private String report() {
        StringBuilder types = new StringBuilder();
        totals.forEach((type, count) -> types.append(types.isEmpty() ? "" : ", ").append("\"" + type + "\": " + count));
        long events = totals.values().stream().mapToLong(Long::longValue).sum();
        return "{\"gaps\": " + gaps + ", \"events\": " + events + ", \"by_type\": {" + types + "}}";
    }

    private record FromTheBeginning(KafkaConsumer<String, String> consumer)
            implements org.apache.kafka.clients.consumer.ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(java.util.Collection<org.apache.kafka.common.TopicPartition> given) {
            consumer.seekToBeginning(given);
        }

        @Override
        public void onPartitionsRevoked(java.util.Collection<org.apache.kafka.common.TopicPartition> taken) {}
    }
}
