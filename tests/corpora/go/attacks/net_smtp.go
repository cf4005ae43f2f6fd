package main

import "net/smtp"

func main() {
	_ = smtp.SendMail
}
