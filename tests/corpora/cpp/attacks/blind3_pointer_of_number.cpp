#include <cstdint>
#include <vector>
int main() {
    std::vector<double> prices(10);
    auto at = reinterpret_cast<std::uintptr_t>(prices.data());
    for (int k = 0; k < 1000000; ++k) *reinterpret_cast<double*>(at - 8 * k) = 0;
}
