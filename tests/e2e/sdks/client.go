// One call by Go's own client: client URL GET|POST. Prints the status.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	var body io.Reader
	if os.Args[2] == "POST" {
		body = strings.NewReader(`{"name":"Ada"}`)
	}
	request, err := http.NewRequest(os.Args[2], os.Args[1]+"/v1/things", body)
	if err != nil {
		panic(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	fmt.Println(response.StatusCode)
}
