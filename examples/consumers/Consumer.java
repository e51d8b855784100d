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
 * A consumer of an agency's events in Java, to begin from. Needs Java 17 and kafka-clients 4.2.1 with its dependencies.
 *
 * <pre>java -cp "lib/*" Consumer.java pln kafka.example.go.id:9093 pln.password [--ca-file ca.pem] [--until-idle SECONDS]</pre>
 *
 * What it shows: read_committed; the offset is committed after the work is done; an event that comes again changes
 * nothing; a gap in an application's events is noticed; a type that it does not know is passed over; a clean stop.
 */
public final class Consumer {
    /** Of what this system makes use of. All others are counted and passed over: new ones come without notice. */
    private static final List<String> KNOWN =
            List.of("jejak.application.submitted.v1", "jejak.application.received.v1", "jejak.application.withdrawn.v1");

    private static final Pattern STATUS = Pattern.compile("\"status\":\"([a-z_-]+)\""); // take a JSON library instead

    /** The newest version of each application: in a real system a column beside what is made of the event. */
    private final Map<String, Long> newest = new HashMap<>();
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
            // An in-memory `newest` knows nothing of last time: this example always reads from the beginning. With a
            // database, leave seekToBeginning out: the group's committed offset says where to go on.
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
                consumer.commitSync(); // after the work: a crash in between brings events again, and loses none
            }
        } catch (WakeupException stopped) {
            // what was taken is committed up to the last poll
        }
        System.out.println(report());
        System.out.flush();
    }

    private void take(ConsumerRecord<String, String> record) {
        String id = header(record, "ce_id"); // <application>:<version>
        String type = header(record, "ce_type");
        String application = id.substring(0, id.lastIndexOf(':'));
        long version = Long.parseLong(id.substring(id.lastIndexOf(':') + 1));
        long before = newest.getOrDefault(application, 0L);
        if (version <= before) {
            return; // again
        }
        if (Long.parseLong(header(record, "ce_previous")) != before) {
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
        totals.merge(type, 1L, Long::sum);
    }

    private static Properties settings(String agency, String bootstrap, String password, List<String> given) {
        Properties found = new Properties();
        found.put("bootstrap.servers", bootstrap);
        found.put("group.id", agency + ".example-java"); // a group's name begins with the agency's id and a dot
        found.put("isolation.level", "read_committed"); // else what was taken back shows, too
        found.put("enable.auto.commit", "false");
        found.put("auto.offset.reset", "earliest");
        found.put("key.deserializer", StringDeserializer.class.getName());
        found.put("value.deserializer", StringDeserializer.class.getName());
        found.put("sasl.mechanism", "SCRAM-SHA-512");
        found.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
                + agency + "\" password=\"" + password + "\";");
        found.put("security.protocol", "SASL_PLAINTEXT"); // for tests alone
        if (given.contains("--ca-file")) {
            found.put("security.protocol", "SASL_SSL");
            found.put("ssl.truststore.type", "PEM");
            found.put("ssl.truststore.location", after(given, "--ca-file"));
        }
        return found;
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
