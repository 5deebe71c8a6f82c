// go run upload.go URL FILE: what uploads_test.py expects of each client, with net/http.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"os"
	"time"
)

type result struct {
	Name      string `json:"name"`
	Status    int    `json:"status"`
	Text      string `json:"text"`
	Length    string `json:"length"`
	Continued bool   `json:"continued"`
}

// Waits for 100 for longer than its default of a second.
var client = &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// size: of the body; -1 has it sent in chunks; 0 is no body.
func send(name, method string, size int64, expect bool) {
	out := result{Name: name}
	request, err := http.NewRequest(method, os.Args[1]+"/"+name, nil)
	must(err)
	if size != 0 {
		file, err := os.Open(os.Args[2])
		must(err)
		request.Body = file
		request.ContentLength = size
	}
	if expect {
		request.Header.Set("Expect", "100-continue")
		trace := &httptrace.ClientTrace{Got100Continue: func() { out.Continued = true }}
		request = request.WithContext(httptrace.WithClientTrace(request.Context(), trace))
	}
	response, err := client.Do(request)
	must(err)
	text, err := io.ReadAll(response.Body)
	must(err)
	response.Body.Close()
	out.Status, out.Text, out.Length = response.StatusCode, string(text), response.Header.Get("Content-Length")
	must(json.NewEncoder(os.Stdout).Encode(out))
}

func main() {
	info, err := os.Stat(os.Args[2])
	must(err)
	send("length", "POST", info.Size(), false)
	send("chunked", "POST", -1, false)
	send("expect", "PUT", info.Size(), true)
	send("head", "HEAD", 0, false)
	for i := 0; i < 5; i++ {
		send("again", "GET", 0, false)
	}
}
