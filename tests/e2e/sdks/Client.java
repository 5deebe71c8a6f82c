import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** One call by the JDK's own client: java Client URL GET|POST. Prints the status. */
public final class Client {
    public static void main(String[] arguments) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(arguments[0] + "/v1/things"));
        if (arguments[1].equals("POST")) {
            request.POST(BodyPublishers.ofString("{\"name\":\"Ada\"}"));
        }
        System.out.println(HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString()).statusCode());
    }
}
