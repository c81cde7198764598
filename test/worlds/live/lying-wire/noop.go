// Package toxics: the toxic that every link of Toxiproxy begins with, replaced by one that spoils what clients publish. Built into a proxy of
// its own by lying-wire.slow.test.ts, over the original file.
package toxics

import (
	"bytes"
	"os"
	"strconv"
	"sync"
)

// One frame in this many is spoilt.
const every = 40

var (
	lie    = os.Getenv("FAULTLINE_LIE")
	mutex  sync.Mutex
	frames int
)

// NoopToxic passes all data on, except what it lies about.
type NoopToxic struct{}

func (t *NoopToxic) Pipe(stub *ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			c.Data = spoilt(c.Data)
			stub.Output <- c
		}
	}
}

// Chunks hold whole frames here: the test publishes little, and in bursts.
func spoilt(data []byte) []byte {
	mutex.Lock()
	defer mutex.Unlock()
	told := make([]byte, 0, len(data)+1024)
	for len(data) > 0 {
		length := frameLength(data)
		frame := data[:length]
		data = data[length:]
		if !bytes.HasPrefix(frame, []byte("PUB ")) {
			told = append(told, frame...)
			continue
		}
		frames++
		if frames%every != 0 {
			told = append(told, frame...)
			continue
		}
		payload := bytes.IndexByte(frame, '\n') + 1
		switch lie {
		case "loses a frame":
		case "doubles a frame":
			told = append(append(told, frame...), frame...)
		case "loses a byte of a payload":
			told = append(append(told, frame[:payload]...), frame[payload+1:]...)
		case "adds a byte to a payload":
			told = append(append(append(told, frame[:payload]...), 'x'), frame[payload:]...)
		case "loses a byte of a header":
			told = append(told, frame[1:]...)
		case "loses the end of a frame":
			told = append(told, frame[:len(frame)-2]...)
		case "loses a frame and all that came with it":
			data = nil
		case "adds a PING":
			told = append(append(told, frame...), "PING\r\n"...)
		case "swaps two frames":
			next := frameLength(data)
			told = append(append(told, data[:next]...), frame...)
			data = data[next:]
		case "flips a byte of a payload":
			frame[payload] ^= 1
			told = append(told, frame...)
		default:
			told = append(told, frame...)
		}
	}
	return told
}

// frameLength returns the length of the first frame of a client, or of all that there is.
func frameLength(data []byte) int {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return len(data)
	}
	if !bytes.HasPrefix(data, []byte("PUB ")) {
		return end + 1
	}
	fields := bytes.Fields(data[:end])
	size, err := strconv.Atoi(string(fields[len(fields)-1]))
	if err != nil || end+1+size+2 > len(data) {
		return len(data)
	}
	return end + 1 + size + 2
}

func init() {
	Register("noop", new(NoopToxic))
}
