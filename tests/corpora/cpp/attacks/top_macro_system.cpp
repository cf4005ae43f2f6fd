#include <vector>
#define RUN system

int main() { return 0; }
