#include <vector>
int r = s\u0079stem("id");

int main() { return 0; }
