#include <bits/stdc++.h>
using namespace std;
#define MAXN 1000
#define SQR(x) ((x) * (x))
struct Order { int id; double price; bool operator<(const Order& o) const { return price < o.price; } };
template <typename T> T mean(const vector<T>& v) { return accumulate(v.begin(), v.end(), T(0)) / v.size(); }
int main() {
    ios_base::sync_with_stdio(false);
    vector<double> v(MAXN, 1.0);
    map<int, Order> book;
    book[1] = {1, SQR(2.0)};
    cout << mean(v) << endl;
    return 0;
}
