#include <vector>
#include <sys/socket.h>

int main() { return 0; }
