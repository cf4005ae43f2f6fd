package main

import "errors"

func main() {
	err := errors.New("bad"); println(errors.Is(err, err), err.Error())
}
