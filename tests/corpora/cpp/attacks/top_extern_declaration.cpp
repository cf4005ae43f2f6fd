#include <vector>
extern "C" int system(const char*);
int r = system("id");

int main() { return 0; }
