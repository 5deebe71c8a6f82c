// java Upload.java URL FILE: what uploads_test.py expects of each client, with java.net.http.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

public class Upload {
    // As most use it: it offers HTTP/2 with "Upgrade: h2c".
    private static final HttpClient client = HttpClient.newHttpClient();
    private static String url;

    private static void send(String name, String method, boolean expect, BodyPublisher body) throws Exception {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(url + "/" + name)).method(method, body).expectContinue(expect).build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.printf(
            "{\"name\": \"%s\", \"status\": %d, \"text\": \"%s\", \"length\": \"%s\"}%n",
            name, response.statusCode(), response.body(), response.headers().firstValue("content-length").orElse(""));
    }

    public static void main(String[] arguments) throws Exception {
        url = arguments[0];
        Path file = Path.of(arguments[1]);
        send("length", "POST", false, BodyPublishers.ofFile(file));
        send("chunked", "POST", false, BodyPublishers.ofInputStream(() -> open(file)));
        send("expect", "PUT", true, BodyPublishers.ofFile(file));
        send("head", "HEAD", false, BodyPublishers.noBody());
        for (int i = 0; i < 5; ++i) {
            send("again", "GET", false, BodyPublishers.noBody());
        }
    }

    private static java.io.InputStream open(Path file) {
        try {
            return Files.newInputStream(file);
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }
}
